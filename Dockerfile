# syntax=docker/dockerfile:1
# Two stages: what builds stays behind; what runs is Python, the locked packages and our code, as nobody in particular.
FROM python:3.12-slim-bookworm AS build
WORKDIR /build
COPY requirements.lock .
RUN python -m venv /opt/gateway \
    && /opt/gateway/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY gateway gateway
COPY ingest ingest
COPY outbound outbound
RUN /opt/gateway/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/gateway --create-home gateway
COPY --from=build /opt/gateway /opt/gateway
COPY --chown=root:root partner_configs /etc/gateway/partner_configs
ENV PATH=/opt/gateway/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GATEWAY_DATA_DIR=/var/lib/gateway \
    GATEWAY_CONFIG_DIR=/etc/gateway/partner_configs \
    GATEWAY_SECRETS_DIR=/run/secrets \
    GATEWAY_LOG_FORMAT=json
USER 10001
VOLUME /var/lib/gateway
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["gateway"]
CMD ["serve", "--role", "api"]
