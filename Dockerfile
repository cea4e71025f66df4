# One image for every process of lifeline: the command says which.
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# Without pip: nothing is installed into what runs.
RUN python -m venv --without-pip /opt/lifeline
WORKDIR /src
COPY pyproject.toml constraints.txt README.md ./
COPY sensors sensors
COPY ingest ingest
COPY rules rules
COPY alerts alerts
COPY simulator simulator
COPY grafana grafana
COPY lifeline lifeline
RUN python -m pip --python /opt/lifeline/bin/python install --constraint constraints.txt .

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin lifeline
COPY --from=build /opt/lifeline /opt/lifeline
ENV PATH=/opt/lifeline/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /srv
ENTRYPOINT ["lifeline"]
CMD ["--help"]
