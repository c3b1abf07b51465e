"""What a study file and its edit files say: plain values, checked, all faults at once."""
