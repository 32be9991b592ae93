"""What people see in a browser. Rendered here, complete without scripts, fonts or pictures of anybody else."""
