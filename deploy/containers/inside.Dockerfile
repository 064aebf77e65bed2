# Zone inside: the four workers, one image, told by its argument which it is. It serves nothing and has no network.
# Pin the base by digest before real data come: PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:...
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
COPY requirements/ requirements/
RUN python -m venv /opt/tre/.venv \
 && /opt/tre/.venv/bin/pip install --no-cache-dir --require-hashes -r requirements/worker.txt \
 && python -m venv /wheel && /wheel/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md ./
COPY service/ service/
COPY linkage_engine/ linkage_engine/
COPY migrations/ migrations/
RUN /wheel/bin/hatchling build -t wheel -d /dist \
 && /opt/tre/.venv/bin/pip install --no-cache-dir --no-deps /dist/*.whl \
 && /opt/tre/.venv/bin/pip check

FROM ${PYTHON_IMAGE}
COPY --from=build /opt/tre/.venv /opt/tre/.venv
USER 61002:61000
# Each worker has a user of its own: compose.yaml says which.
ENTRYPOINT ["/opt/tre/.venv/bin/tre-worker"]
