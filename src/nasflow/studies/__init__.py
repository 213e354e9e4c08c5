"""What only docs, benchmarks and proofs need."""
