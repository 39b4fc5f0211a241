"""Reads networks in GraphML with networkx and igraph, and checks what neither of them does.

Usage: network.py DATABASE SEEDS FILE.graphml...

Both must read the same nodes and ties. What they read is written beside each file as JSON, for network.mjs to compare. Every tie
ends at two nodes, its weight is more than nought, every value has a key, and no id and no name of a person is in the file: the ids
are those of the database, and the names those of the seeds.
"""

import json
import re
import sqlite3
import sys
import warnings
from pathlib import Path
from xml.etree import ElementTree

import igraph
import networkx

NS = "{http://graphml.graphdrawing.org/xmlns}"
TIES = {"met", "introduced", "partner", "grew_from"}
KINDS = {"group", "organisation", "place", "thing"}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def people_of_database(file):
    with sqlite3.connect(file) as database:
        return {row[0] for row in database.execute("SELECT DISTINCT id FROM view_people")}


def people_of_seeds(folder):
    names = set()
    for file in [folder / "programme.json", *sorted((folder / "stories").glob("*.json"))]:
        content = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            staff = content["staff"]
            names |= {one["name"] for one in (staff.values() if isinstance(staff, dict) else staff)}
        else:
            for story in content:
                contact = story.get("contact", {})
                names |= {contact[key] for key in ("name", "second") if contact.get(key)}
    return names


def by_networkx(file):
    graph = networkx.read_graphml(file, force_multigraph=True)
    nodes = {id: values["label"] for id, values in graph.nodes(data=True)}
    ties = [(one, other, values["tie"], int(values["weight"]), values["since"]) for one, other, values in graph.edges(data=True)]
    return nodes, ordered(ties), graph.is_directed()


def by_igraph(file):
    with warnings.catch_warnings():
        # It only warns of a key that is not declared.
        warnings.simplefilter("error")
        graph = igraph.Graph.Read_GraphML(str(file))
    ids = graph.vs["id"]
    nodes = dict(zip(ids, graph.vs["label"]))
    ties = [(ids[tie.source], ids[tie.target], tie["tie"], int(tie["weight"]), tie["since"]) for tie in graph.es]
    return nodes, ordered(ties), graph.is_directed()


def ordered(ties):
    return sorted((*sorted((one, other)), *rest) for one, other, *rest in ties)


def by_hand(file, text):
    """What libraries do not notice."""
    wrong = []
    root = ElementTree.fromstring(text)
    graph = root.find(f"{NS}graph")
    keys = {(key.get("for"), key.get("id")) for key in root.iter(f"{NS}key")}
    if len({id for _, id in keys}) != len(list(root.iter(f"{NS}key"))):
        wrong.append("an id of a key that is used twice")
    if not {("node", "label"), ("edge", "weight")} <= keys:
        wrong.append("no key label or weight, which Gephi looks for")
    if graph.get("edgedefault") != "undirected":
        wrong.append("ties with a direction")
    for kind in ("node", "edge"):
        for item in graph.iter(f"{NS}{kind}"):
            values = {data.get("key"): data.text for data in item.iter(f"{NS}data")}
            wrong += [f"a value of {kind} without a key: {key}" for key in values if (kind, key) not in keys]
            day = values.get("since" if kind == "node" else "tie_since", "")
            if not DAY.fullmatch(day):
                wrong.append(f"{kind} {item.get('id')}: since {day!r}")
            if kind == "node" and values.get("kind") not in KINDS:
                wrong.append(f"a node that is {values.get('kind')}")
    ids = [node.get("id") for node in graph.iter(f"{NS}node")]
    if len(set(ids)) != len(ids):
        wrong.append("an id that two nodes have")
    for edge in graph.iter(f"{NS}edge"):
        ends = {edge.get("source"), edge.get("target")}
        if not ends <= set(ids) or len(ends) != 2:
            wrong.append(f"{edge.get('id')} does not end at two nodes")
    return wrong


def main():
    people, names = people_of_database(sys.argv[1]), people_of_seeds(Path(sys.argv[2]))
    if not people or not names:
        sys.exit("there are no people whose names could be looked for")
    failed = False
    for file in map(Path, sys.argv[3:]):
        text = file.read_text(encoding="utf-8")
        wrong = by_hand(file, text)
        wrong += [f"the person {id}" for id in people if id in text]
        wrong += [f"the name {name}" for name in names if name in text]
        nodes, ties, directed = by_networkx(file)
        if (nodes, ties, directed) != by_igraph(file):
            wrong.append("networkx and igraph do not read the same")
        for one, other, tie, weight, _ in ties:
            if tie not in TIES or weight <= 0:
                wrong.append(f"{one} to {other}: {tie} with the weight {weight}")
        if directed:
            wrong.append("ties with a direction")
        file.with_suffix(".json").write_text(json.dumps({"nodes": nodes, "ties": ties}), encoding="utf-8")
        print(f"{file.name}: networkx and igraph read {len(nodes)} nodes and {len(ties)} ties")
        for what in wrong:
            print(f"  {what}")
        failed = failed or bool(wrong)
    sys.exit(failed)


main()
