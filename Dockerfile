# syntax=docker/dockerfile:1

FROM python:3.11-slim-bookworm AS build
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=/opt/storybank
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project --python /usr/local/bin/python3.11

FROM python:3.11-slim-bookworm
ENV PATH=/opt/storybank/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=portal.settings \
    VAR_DIR=/var/lib/storybank
# The files of an installation belong to one user who owns nothing else.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin storybank \
    && install -d -o storybank -g storybank -m 0750 /var/lib/storybank
COPY --from=build /opt/storybank /opt/storybank
WORKDIR /app
COPY manage.py pyproject.toml LICENSE README.md ./
COPY portal portal
COPY campaigns campaigns
COPY stories stories
COPY templates templates
USER storybank
VOLUME /var/lib/storybank
EXPOSE 8000
# Two processes with one thread each: what synchronous views run best on. More machines, more of these.
CMD ["granian", "--interface", "wsgi", "--no-ws", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "1", "--workers-kill-timeout", "10", "portal.wsgi:application"]
