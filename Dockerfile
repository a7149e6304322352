# helixfold in a container: docker build -t helixfold . && docker run --rm -v "$PWD:/data" helixfold predict target.fasta -o out
#
# The toolchain stays in the first stage. Not built by the authors so far: no container runtime at hand.
FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends make git && rm -rf /var/lib/apt/lists/*
WORKDIR /helixfold
COPY . .
RUN make install DESTDIR=/installed PREFIX=/usr/local

FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends libopenblas0 libhdf5-103-1 libzip4 zlib1g libstdc++6 \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /installed/ /
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/helixfold"]
