"""What every report shares: names, numbers, colours, the style of figures and pages."""
