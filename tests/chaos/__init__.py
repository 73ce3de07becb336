"""Tests of the fault programme, and a small run of it."""
