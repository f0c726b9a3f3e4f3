"""A guest book that keeps its entries in memory."""

from flask import Flask, redirect, render_template, request

app = Flask(__name__)
entries = ["first!"]


@app.get("/")
def index():
    return render_template("index.html", entries=entries)


@app.post("/")
def sign():
    entries.append(request.form["text"])
    return redirect("/")


@app.get("/healthz")
def health():
    return {"status": "ok"}
