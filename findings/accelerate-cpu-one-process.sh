#!/usr/bin/env bash
# accelerate 1.15.0 (torch 2.13.0): `accelerate launch --cpu --num_processes 2`.
#
# Behaviour: with --cpu the launcher starts the script once, whatever --num_processes says, and ends with 0. It takes
# the number (it is not among the values that "were not passed" in its note) and sets up no process group: who measures
# or debugs distributed training on a machine without a GPU has one process with all of the data. torchrun starts two.
#
# Seen: `accelerate launch --cpu --num_processes 2` prints "rank 0 of 1"; `torchrun --nproc_per_node 2` prints
# "rank 0 of 2" and "rank 1 of 2" with the same script.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check accelerate==1.15.0 torch==2.13.0 numpy==2.3.5
cat >"$folder/who.py" <<'PY'
from accelerate import Accelerator

accelerator = Accelerator(cpu=True)
print(f"rank {accelerator.process_index} of {accelerator.num_processes}", flush=True)
PY
export PATH="$folder/venv/bin:$PATH" OMP_NUM_THREADS=1
unset ACCELERATE_CONFIG_FILE
export HF_HOME="$folder" # no configuration of the user's own
launched=$(accelerate launch --cpu --num_processes 2 "$folder/who.py" 2>"$folder/said")
started=$(torchrun --nproc_per_node 2 "$folder/who.py" 2>/dev/null | sort)
echo "accelerate launch --cpu --num_processes 2:" $launched
echo "torchrun --nproc_per_node 2:" $started
if grep -q num_processes "$folder/said"; then echo "it says something of num_processes now"; exit 1; fi
[ "$launched" = "rank 0 of 1" ] && [ "$started" = $'rank 0 of 2\nrank 1 of 2' ] || {
  echo "the behaviour has changed"
  exit 1
}
