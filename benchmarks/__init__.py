"""What is measured, one command each: `python -m benchmarks NAME`. See `report` for what every one of them prints."""
