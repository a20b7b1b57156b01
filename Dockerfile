# One file for every image: --build-arg DEPLOYABLE=gateway, a service, or `jobs` (migrations, streams, demonstration).
# The variable lets a mirror stand in for the public base image.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_CACHE_DIR=/var/cache/pip
COPY requirements/image.lock /image.lock
# wheels, so that nothing is compiled; nkeys is published as source only, in plain Python. Every file is checked by hash.
RUN --mount=type=cache,target=/var/cache/pip \
    python -m venv --without-pip /opt/venv \
 && python -m pip --python /opt/venv install --quiet --require-hashes --no-deps \
    --only-binary :all: --no-binary nkeys --requirement /image.lock

FROM ${PYTHON_IMAGE} AS code
ARG DEPLOYABLE
COPY . /source
WORKDIR /source
# an image holds the code of its own deployable; the jobs know all databases
RUN set -eu; mkdir -p /app/services /app/deploy; cp -R shared /app/; cp services/__init__.py /app/services/; \
    cp deploy/serve deploy/health.py /app/deploy/; \
    case "${DEPLOYABLE:?name it with --build-arg DEPLOYABLE=…}" in \
      jobs) cp -R deploy embedded gateway services /app/ ;; \
      gateway) cp -R gateway /app/; cp deploy/head-office.json /app/deploy/ ;; \
      *) cp -R "services/$DEPLOYABLE" /app/services/ ;; \
    esac; \
    python -m compileall -q /app; chmod -R a=rX /app; chmod a+x /app/deploy/serve

FROM ${PYTHON_IMAGE}
ARG DEPLOYABLE
# the directories give new volumes their owners: files of records are the application's, streams are the NATS server's
RUN python -m pip uninstall --quiet --yes --root-user-action ignore pip \
 && groupadd --gid 10001 anlan && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin anlan \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/anlan /var/lib/anlan/attachments && install -d -o 10002 -g 10002 -m 0700 /var/lib/nats
COPY --from=packages /opt/venv /opt/venv
COPY --from=code /app /app
ENV ANLAN_DEPLOYABLE=${DEPLOYABLE} PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=2s --retries=3 \
  CMD ["python", "-IS", "/app/deploy/health.py", "8000"]
CMD ["/app/deploy/serve", "api"]
