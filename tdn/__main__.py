"""`python -m tdn VERB ...`"""

from tdn.cli import main

if __name__ == "__main__":
    main()
