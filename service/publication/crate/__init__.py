"""A release as a Five Safes RO-Crate in a bag: made, and held to the text of its profile."""
