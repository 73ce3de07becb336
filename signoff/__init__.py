"""What is installed as Signoff: an application, to be run, not imported."""
