"""`python -m tdn VERB ...`"""

import sys

if __name__ == "__main__":
    try:
        from tdn.cli import main
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tdn"):
            raise
        sys.exit(f"error: {error.name} is not installed; run: .venv/bin/pip install -r requirements.txt")
    main()
