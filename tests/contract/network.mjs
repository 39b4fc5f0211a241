// Reads networks in GraphML with graphology, as Gephi Lite does, and compares them with what networkx and igraph read. It refuses a
// tie that ends at no node, which those two do not.
//
//     node tests/contract/network.mjs FILE.graphml...       (network.py has written FILE.json)

import { readFileSync } from 'node:fs';
import graphology from 'graphology';
import graphml from 'graphology-graphml';

const inOrder = (ties) => ties.map((tie) => JSON.stringify(tie)).sort();

for (const file of process.argv.slice(2)) {
  const graph = graphml.parse(graphology.MultiUndirectedGraph, readFileSync(file, 'utf8'));
  const { nodes, ties } = JSON.parse(readFileSync(file.replace(/\.graphml$/, '.json'), 'utf8'));
  const labels = graph.mapNodes((node, { label }) => [node, label]).sort();
  if (JSON.stringify(labels) !== JSON.stringify(Object.entries(nodes).sort())) throw new Error(`${file}: other nodes`);
  const read = graph.mapEdges((_, { tie, weight, since }, one, other) => [...[one, other].sort(), tie, weight, since]);
  if (inOrder(read).join() !== inOrder(ties).join()) throw new Error(`${file}: other ties`);
  console.log(`${file.split('/').pop()}: graphology reads ${graph.order} nodes and ${graph.size} ties`);
}
