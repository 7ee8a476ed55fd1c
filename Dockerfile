# plainfilm as a server. Build: docker build --tag=plainfilm .
# Behind a proxy: docker build --build-arg HTTP_PROXY --build-arg HTTPS_PROXY --tag=plainfilm .

# The page: TypeScript into the folder that the wheel takes it from.
FROM node:22-slim AS page
WORKDIR /work
COPY web ./web
COPY docs/examples/drawn-chest.png ./docs/examples/
RUN cd web && npm ci --ignore-scripts && npm run build -- --outDir /page --emptyOutDir

# The wheel, and everything it needs, as wheels: the last stage compiles nothing.
FROM python:3.12-slim AS wheels
WORKDIR /work
COPY pyproject.toml constraints.txt hatch_build.py README.md LICENSE ./
COPY src ./src
COPY --from=page /page ./src/plainfilm/serve/web
ENV PLAINFILM_WEB=skip
RUN pip wheel --no-cache-dir --wheel-dir /wheels -c constraints.txt '.[serve]'

FROM python:3.12-slim
LABEL org.opencontainers.image.title="plainfilm" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.description="Reads plain X-ray films. Not a medical device."
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin plainfilm
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links=/wheels 'plainfilm[serve]'
# The shipped bundles must answer here as they did where they were made.
RUN plainfilm bundles verify pneumonia-paediatric && plainfilm bundles verify chest14-demo
USER 10001
# Bundles of your own: NAME/VERSION folders, as `plainfilm bundles publish` writes them.
VOLUME ["/bundles"]
ENV PORT=8080 PYTHONDONTWRITEBYTECODE=1
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD \
    ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/v2/health/ready')"]
# Outside loopback the server wants keys: mount them, see docs/how-to/deploy.md.
ENTRYPOINT ["plainfilm", "serve", "--host", "0.0.0.0", "--admin-host", "0.0.0.0", "--admin-port", "8081"]
CMD ["--keys", "/run/secrets/plainfilm-keys.json"]
