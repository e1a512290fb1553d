"""What a patient wrote, understood: danger first, then the answer, then everything else."""
