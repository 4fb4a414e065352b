"""What names, signatures and answers tell of a function: how it is asked, and which part of its answer is what."""
