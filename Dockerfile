# The gateway, and nothing that was not named by its hash.
FROM python:3.13-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

# What it runs with changes seldom: its own layer.
COPY requirements/ requirements/
RUN python -m venv /opt/countersign \
    && /opt/countersign/bin/pip install --require-hashes -r requirements/run.txt \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes -r requirements/build.txt

COPY pyproject.toml LICENSE ./
COPY approvals/ approvals/
COPY gateway/ gateway/
COPY keys/ keys/
COPY notifiers/ notifiers/
RUN /opt/build/bin/pip wheel --no-build-isolation --no-deps --no-index --wheel-dir /wheels . \
    && /opt/countersign/bin/pip install --no-deps --no-index /wheels/*.whl


FROM python:3.13-slim
COPY --from=build /opt/countersign /opt/countersign
# Whichever user it runs as makes a private folder of its own in /data.
RUN install -d -m 1777 /data && install -d /config
ENV PATH=/opt/countersign/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /config
USER 10001:10001
EXPOSE 11020
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:11020/healthz', timeout=4)"]
ENTRYPOINT ["countersign"]
CMD ["serve"]
