"""Readers side by side, each a process of its own that speaks the same few lines of JSON.

A reader is told how many cores it has by its CPU affinity. It loads its models, reads one page to get warm and
prints ``{"reader": ..., "version": ...}``. Then, for every line ``{"paths": [...]}`` on standard input, it reads
those files, as many at a time as is best for it, and prints ``{"seconds": ..., "texts": [[line, ...], ...]}``:
wall clock from the first path to the last text.
"""
