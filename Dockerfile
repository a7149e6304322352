# The steps of README.md in a container. Not built by the authors so far: no container runtime at hand.
FROM swift:6.3-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends make git && rm -rf /var/lib/apt/lists/*
WORKDIR /helixfold
COPY . .
RUN make build
ENTRYPOINT [".build/release/helixfold"]
