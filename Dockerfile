# docker build -t breakerbox .
# How to run it, with its volume and its time to stop: docs/service.md

FROM rust:1.94-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY benches benches
COPY assets assets
RUN cargo build --release --locked --bin breakerbox

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/breakerbox --shell /usr/sbin/nologin breakerbox \
    && install -d -o breakerbox -g breakerbox -m 750 /var/lib/breakerbox
COPY --from=build /src/target/release/breakerbox /usr/local/bin/breakerbox
# By its number: Kubernetes sees from it that this is not root.
USER 10001:10001
ENV HOME=/var/lib/breakerbox
# The journal, what is usual, the ledger of drills, the cache.
VOLUME /var/lib/breakerbox
EXPOSE 4141
# It lives when it answers at all; whether it is ready is /health/ready's to say.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/bin/bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/4141 && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
# Without a shell: TERM reaches the router itself, and it drains.
ENTRYPOINT ["/usr/local/bin/breakerbox"]
CMD ["serve", "--config", "/etc/breakerbox/breakerbox.toml", "--listen", "0.0.0.0:4141"]
STOPSIGNAL SIGTERM
