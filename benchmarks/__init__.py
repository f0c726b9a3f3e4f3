"""Side by side with other engines, in one run on one machine: ratios tell, absolute times do not."""
