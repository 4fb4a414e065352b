"""Results as other tools read them: Markdown, JUnit XML and the JSON of trackers of benchmarks, a file for each."""
