"""What generators cost: parameters, time, memory."""
