"""The parts of bench/alignment.py."""
