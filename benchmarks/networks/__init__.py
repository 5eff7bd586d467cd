"""Networks: what alpha means to each package, what a step costs, what is gained on digits."""
