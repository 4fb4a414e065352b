"""What is shown of a class: as text, as a page, as a table for a spreadsheet, in the formats of graders."""
