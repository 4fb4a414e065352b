"""The formats of graders, a file for each, after those tools' own documents."""
