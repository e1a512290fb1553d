# One image, two commands: `serve` (web) and `work` (worker); `migrate`, `init`, `user`, `doctor`... run from it as well.
# The base is named by its tag. Where images are published, pin the digest that was tested: FROM python:3.11-slim@sha256:...

FROM python:3.11-slim AS build
WORKDIR /build
# Every file is compared with its hash here, tests' tools included; after this step nothing is fetched.
COPY requirements.lock ./
RUN python -m pip download --quiet --no-cache-dir --require-hashes --no-deps --dest /wheels --requirement requirements.lock
# Of these files pip takes only what running needs.
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY triage triage
COPY notifications notifications
COPY migrations migrations
RUN python -m venv /opt/vigie \
 && /opt/vigie/bin/python -m pip install --quiet --no-cache-dir --no-index --find-links /wheels .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/vigie vigie
COPY --from=build /opt/vigie /opt/vigie
ENV PATH="/opt/vigie/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    VIGIE_HOST=0.0.0.0
WORKDIR /var/lib/vigie
USER 10001
EXPOSE 8000
# Alive, not ready: a web process is not restarted because the worker is late. /readyz tells that, and who watches is told.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["vigie"]
CMD ["serve"]
