"""What several commands share: their options, the table that they read, the folder of their run, what they print."""
