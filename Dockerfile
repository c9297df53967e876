# Both programs in one small image, run by nobody in particular:
#   docker build --tag inventory-to-optiply .
#   docker run --rm --interactive --volume "$PWD:/data" inventory-to-optiply target-optiply --config target.json
FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/programs
WORKDIR /source
# The dependencies first: their layer stays while only the programs change.
COPY requirements/runtime.txt requirements/runtime.txt
RUN /opt/programs/bin/pip install --requirement requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY singer_http singer_http
COPY tap_inventory tap_inventory
COPY target_optiply target_optiply
COPY fleet fleet
RUN /opt/programs/bin/pip install --no-deps . && /opt/programs/bin/pip uninstall --yes pip

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="inventory-to-optiply" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/programs /opt/programs
RUN groupadd --gid 10001 singer && useradd --uid 10001 --gid singer --no-create-home --home-dir /data singer \
    && install --directory --owner=singer --group=singer /data
ENV PATH=/opt/programs/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
# Configurations are read from here, and states written: mount a volume.
WORKDIR /data
CMD ["target-optiply", "--help"]
