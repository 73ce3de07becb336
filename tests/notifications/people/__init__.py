"""Tests of `notifications/people`."""
