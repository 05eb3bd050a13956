"""Notes: a small web app on PostgreSQL. It knows nothing of Stehauf."""

import os
import sys
from contextlib import closing

import psycopg2
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI(title="Notes")
_ADDRESS = os.environ.get("DATABASE", "host=db user=notes dbname=notes") + " connect_timeout=2"


class Note(BaseModel):
    """What somebody wrote."""

    text: str


@app.get("/health")
def health() -> dict[str, str]:
    """Whether this process answers."""
    return {"status": "up"}


@app.get("/notes")
def notes(limit: int = 10) -> list[dict[str, object]]:
    """The newest notes."""
    return [
        {"id": row[0], "text": row[1]} for row in _ask("select id, text from notes order by id desc limit %s", limit)
    ]


@app.get("/notes/{note}")
def one(note: int) -> dict[str, object]:
    """One note."""
    found = _ask("select id, text from notes where id = %s", note)
    if not found:
        raise HTTPException(404, "no such note")
    return {"id": found[0][0], "text": found[0][1]}


@app.post("/notes", status_code=201)
def write(note: Note) -> dict[str, object]:
    """Keep a note."""
    return {"id": _ask("insert into notes (text) values (%s) returning id", note.text)[0][0]}


def _ask(command: str, *values: object) -> list[tuple[object, ...]]:
    try:
        with closing(psycopg2.connect(_ADDRESS)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(command, values)
            return cursor.fetchall() if cursor.description else []
    except psycopg2.OperationalError as error:
        raise HTTPException(503, "the database does not answer") from error


if __name__ == "__main__" and sys.argv[1:] == ["migrate"]:
    _ask("create table if not exists notes (id serial primary key, text text not null)")
    _ask("insert into notes (text) select 'the first one' where not exists (select from notes)")
