"""The program: wiring, case log, command line and windows."""
