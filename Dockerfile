FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY migrations migrations
COPY seeds seeds
COPY assets assets
COPY templates templates
COPY texts texts
COPY benches benches
COPY tests tests
COPY scripts/sqlite scripts/sqlite
RUN settings=$(scripts/sqlite) && eval "$settings" && cargo build --release --locked

FROM debian:bookworm-slim
RUN useradd --system --create-home --home-dir /var/lib/microgrants microgrants
COPY --from=build /build/target/release/microgrants /usr/local/bin/microgrants
USER microgrants
WORKDIR /var/lib/microgrants
VOLUME /var/lib/microgrants
ENV MICROGRANTS_LISTEN=0.0.0.0:8080 MICROGRANTS_KEYS=/var/lib/microgrants/keys MICROGRANTS_FILES=/var/lib/microgrants/files MICROGRANTS_MAILS=/var/lib/microgrants/mails MICROGRANTS_STATE=/var/lib/microgrants/state
EXPOSE 8080
ENTRYPOINT ["microgrants"]
CMD ["serve"]
