"""From inputs to travel times: one source per mode of the study."""
