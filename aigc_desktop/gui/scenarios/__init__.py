"""The scenario manager: scenarios, prompts, corrections, what is available where."""
