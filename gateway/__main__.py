"""`python -m gateway`: the command, where no script is installed."""

from gateway.cli.main import main

if __name__ == "__main__":  # the workers of `policy replay` import this file too
    main()
