#!/usr/bin/env bash
# Usage: tools/dist_generate.sh PROCESSES [flags of tools/generate_and_eval.py]
# One machine by default; NNODES, NODE_RANK, MASTER_ADDR and PORT as usual.
set -euo pipefail
if [ $# -lt 2 ]; then sed -n 2,3p "$0" >&2; exit 2; fi

export PYTHONPATH="$(dirname "$0")/..:${PYTHONPATH:-}"
exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$1" \
    "$(dirname "$0")/generate_and_eval.py" --launcher pytorch "${@:2}"
