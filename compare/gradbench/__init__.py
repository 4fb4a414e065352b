"""A tool of GradBench, the suite of benchmarks for automatic differentiation: a backend answers its evals."""
