"""One machine: the engines, the migrations, the seed and all processes under one launcher."""
