// Nine more pictures in the style of the first nine.
import { C, skin, r, c, e, p, l, person, house, tree, bunting, svg, pics } from './first.mjs';

const folk = (list) => list.map(([x, y, h, o]) => person(x, y, h, o)).join('');
const grey = '#d9d3cf';
const mug = (x, y, f) => r(x, y, 18, 20, f, 4) + l(`M${x + 18} ${y + 5}c9 0 9 10 0 10`, f, 4);

// A long table and a bench under damson trees.
{ let s = c(600, 84, 46, C.sun) + p('M0 250c140-60 260-40 380-16s240 0 340-26v272H0Z', C.grass) + tree(80, 330, 1.5) + tree(240, 300, 1.2, C.sea, C.teal) + tree(650, 330, 1.5);
  for (const [x, y] of [[60, 200], [96, 226], [122, 190], [232, 200], [262, 222], [628, 196], [668, 222], [690, 186]]) s += c(x, y, 7, C.violet);
  s += folk([[150, 402, 150, { sk: 0, top: C.teal, hair: grey, style: 'bun' }], [262, 402, 154, { sk: 3, top: C.coral, style: 'afro', a: [-.14, .14] }], [380, 402, 150, { sk: 4, top: C.violet, style: 'scarf', hair: C.sun, b: [.16, .1] }], [500, 402, 156, { sk: 1, top: C.sun, style: 'beard' }]]);
  s += r(90, 348, 500, 20, C.wood, 6) + r(130, 368, 14, 90, C.wood2) + r(536, 368, 14, 90, C.wood2) + r(70, 410, 540, 14, '#c08a55', 5) + r(110, 424, 12, 44, C.wood2) + r(560, 424, 12, 44, C.wood2);
  for (const [x, f] of [[180, C.violet], [300, C.plum], [420, C.coral], [540, C.violet]]) s += r(x, 318, 26, 30, f, 5) + r(x, 312, 26, 8, C.cream, 3);
  s += p('M340 330h50c0 12-8 18-25 18s-25-6-25-18Z', C.white) + c(356, 326, 9, C.violet) + c(372, 324, 9, C.plum);
  s += person(650, 462, 190, { sk: 5, top: C.sea, style: 'long', hair: '#5b3a22', dress: true, a: [-.2, .06] });
  pics.bench = svg(720, 480, s, '#e2f0ee'); }
// A clay oven and its bakers.
{ let s = p('M0 230c160-50 300-40 430-10s200 10 290-14v274H0Z', '#c3d89a') + r(0, 380, 720, 100, C.sand) + tree(660, 300, 1.2);
  s += r(250, 300, 230, 110, C.brick2, 6); for (let i = 0; i < 4; i++) for (let j = 0; j < 6; j++) s += r(254 + j * 38 - (i % 2) * 8, 306 + i * 26, 34, 22, i % 2 ? C.brick : C.brick3, 2);
  s += p('M240 304c0-90 50-136 126-136s126 46 126 136Z', '#d9a878') + p('M316 304v-44c0-34 22-54 50-54s50 20 50 54v44Z', '#3a2018') + p('M334 304c2-26 14-30 18-50 12 12 20 24 20 34 6-6 8-12 8-20 12 12 18 24 18 36Z', C.amber) + p('M350 304c2-14 10-18 12-28 10 8 16 18 16 28Z', C.sun);
  s += r(420, 96, 30, 84, '#c9986a', 4) + c(446, 70, 16, C.white, 'opacity=".7"') + c(462, 44, 22, C.white, 'opacity=".5"');
  s += folk([[130, 462, 206, { sk: 2, top: C.coral, style: 'scarf', hair: C.teal, apron: C.white, b: [.28, .04] }], [570, 464, 196, { sk: 0, top: C.teal, hair: grey, style: 'beard', apron: C.plum, a: [-.22, .1] }], [208, 470, 120, { sk: 4, top: C.sun, style: 'afro' }]]);
  s += l('M188 340l120-44', C.wood, 7) + e(306, 294, 28, 9, C.wood) + e(306, 286, 20, 9, '#e0a458');
  for (const [x, y] of [[500, 350], [528, 356], [514, 340]]) s += e(x, y, 24, 13, '#d79a4e') + l(`M${x - 10} ${y - 4}l8 6M${x} ${y - 6}l8 6`, C.cream, 2.5);
  s += r(480, 368, 76, 10, C.wood2, 3);
  pics.bread = svg(720, 480, s, C.sky); }
// A bus that two people ride together.
{ let s = r(0, 360, 720, 120, '#cfc6d6') + r(0, 354, 720, 10, C.sand) + house(20, 354, 130, 170, C.brick3, C.teal) + house(560, 354, 140, 180, C.sand, C.coral);
  s += r(120, 130, 460, 250, C.coral, 22) + r(120, 246, 460, 12, C.sun) + r(140, 156, 420, 78, C.pale, 10);
  for (let i = 1; i < 6; i++) s += r(140 + i * 70, 156, 8, 78, C.coral);
  s += r(140, 270, 250, 66, C.pale, 8) + r(440, 270, 66, 108, C.pale, 6) + l('M473 272v104', C.coral, 4);
  for (const [x, k, t, h] of [[176, 0, C.teal, grey], [246, 3, C.sun, '#2b1b17'], [316, 4, C.violet, '#4a2c1c'], [386, 1, C.plum, '#2b1b17'], [456, 5, C.teal, '#8a4b2a'], [526, 2, C.coral, '#2b1b17']]) s += c(x, 194, 15, skin[k]) + p(`M${x - 15} 192c0-14 7-19 15-19s15 5 15 19c-5-6-9-7-15-7s-10 1-15 7Z`, h) + r(x - 17, 210, 34, 24, t, 8);
  for (const [x, k, t] of [[214, 0, C.plum], [314, 3, C.teal]]) s += c(x, 298, 16, skin[k]) + r(x - 19, 315, 38, 21, t, 8);
  for (const x of [214, 500]) s += c(x, 384, 34, C.ink) + c(x, 384, 14, C.grey);
  s += r(600, 190, 8, 200, C.grey) + r(578, 170, 52, 44, C.violet, 8) + r(588, 182, 32, 8, C.white, 3) + r(588, 196, 22, 6, C.white, 3);
  s += person(622, 468, 190, { sk: 0, top: C.sea, hair: grey, style: 'bun', dress: true }) + person(682, 470, 196, { sk: 3, top: C.sun, style: 'cap', hair: C.plum, a: [-.14, .2] }) + l('M594 392l-10 74', C.wood2, 5);
  pics.bus = svg(720, 480, s, '#dcebf2'); }
// Two potters' wheels.
{ let s = r(0, 350, 720, 130, '#c9b29a') + r(40, 60, 640, 12, C.wood) + r(40, 150, 640, 12, C.wood);
  const pot = (x, y, f, w = 26, h = 40) => p(`M${x - w * .5} ${y - h}h${w}c10 12 12 30-4 ${h}h${-w + 8}c-16-10-14-28-4-${h}Z`, f) + e(x, y - h, w * .5, 5, C.ink, 'opacity=".35"');
  [C.teal, C.coral, C.cream, C.violet, C.sun, C.sea, C.brick3, C.plum, C.amber].forEach((f, i) => { s += pot(90 + i * 67, 60, f, 24 + (i * 7) % 16, 30 + (i * 5) % 14) + pot(82 + i * 68, 150, [C.brick, C.sand, C.teal, C.amber, C.lilac][i % 5], 20 + (i * 5) % 18, 34 + (i * 3) % 20); });
  s += folk([[170, 470, 230, { sk: 4, top: C.violet, hair: '#b9b2ae', style: 'beard', apron: C.sand, a: [-.02, .3], b: [.08, .3] }], [520, 470, 226, { sk: 0, top: C.coral, hair: C.plum, style: 'bun', apron: C.cream, a: [-.08, .3], b: [.02, .3] }], [346, 460, 210, { sk: 3, top: C.teal, style: 'short', hair: grey, apron: C.plum, b: [.18, .2] }]]);
  for (const x of [190, 506]) s += e(x, 404, 76, 15, C.grey) + r(x - 10, 404, 20, 76, '#6d6678') + p(`M${x - 34} 398c-8-26 4-40 0-52h68c-4 12 8 26 0 52Z`, C.brick3) + e(x, 346, 34, 8, '#8c4630') + l(`M${x - 33} 374c18 7 48 7 66 0`, '#b5603f', 3);
  s += e(640, 440, 46, 18, C.brick3) + c(640, 424, 26, C.brick);
  pics.clay = svg(720, 480, s, '#f3e8dc'); }
// A film in an old hall.
{ let s = r(0, 0, 720, 480, '#2f1846') + r(140, 40, 440, 220, C.cream, 6) + r(150, 50, 420, 200, '#cfe6ee') + c(250, 120, 34, C.sun) + p('M150 210c80-50 150-40 220-20s130 10 200-14v74H150Z', C.leaf) + p('M330 200v-50l30-26 30 26v50Z', C.coral) + p('M424 200c0-18 8-28 22-28h30c12 0 16 8 16 16v22h-8v-14h-36v14h-8v-10Z', C.grey) + p('M486 176l6-22 6 18Z', C.grey);
  s += r(210, 218, 300, 22, C.ink, 4, 'opacity=".75"') + r(226, 226, 110, 6, C.white, 3) + r(344, 226, 150, 6, C.white, 3);
  s += p('M360 480L150 50h420Z', '#fff4df', 'opacity=".07"') + bunting(0, 20, 720, 20, 44, 22);
  const row = (y, n, off, size) => { for (let i = 0; i < n; i++) { const x = off + i * (720 / n); const k = (i * 5 + Math.round(y)) % 6; s += c(x, y, 22 * size, skin[k]) + p(`M${x - 23 * size} ${y - 1}c0-20 10-26 23-26s23 6 23 26c-2 10-6 14-8 20h-30c-2-6-6-10-8-20Z`, ['#2b1b17', grey, C.violet, '#6b3a1f', C.coral, C.teal][(i + Math.round(y / 10)) % 6]) + r(x - 34 * size, y + 20 * size, 68 * size, 90, [C.plum, C.teal, C.coral, C.violet, C.brick][(i * 2 + Math.round(y)) % 5], 18); } };
  row(310, 8, 45, .8); row(372, 7, 52, 1); row(436, 6, 62, 1.15);
  for (const [x, y] of [[300, 440], [430, 380]]) s += p(`M${x} ${y}h34l-5 36h-24Z`, C.white) + c(x + 8, y - 3, 8, C.cream) + c(x + 20, y - 5, 9, C.sun) + c(x + 28, y - 1, 7, C.cream);
  pics.cinema = svg(720, 480, s); }
// A rail of coats with a tea table.
{ let s = r(0, 380, 720, 100, '#d9cfe0') + r(0, 376, 720, 8, C.grey) + r(40, 60, 640, 318, C.brick3) + r(70, 90, 380, 200, C.pale, 6) + r(490, 90, 150, 288, C.cream, 6) + r(502, 102, 126, 120, C.pale, 4) + r(40, 44, 640, 30, C.teal, 6);
  for (let i = 0; i < 9; i++) s += e(60 + i * 75, 44, 22, 11, C.white);
  s += l('M90 190v240M440 190v240M90 196h350', C.grey, 9) + c(90, 434, 10, C.ink) + c(440, 434, 10, C.ink);
  [C.violet, C.coral, C.teal, C.sun, C.plum, C.sea, C.brick].forEach((f, i) => { const x = 128 + i * 45; s += l(`M${x} 196v14`, C.ink, 3) + p(`M${x - 16} 216l16-8 16 8 10 80-8 4-4-40 2 116h-32l2-116-4 40-8-4Z`, f) + l(`M${x} 214v160`, C.white, 1.5, 'opacity=".5"') + c(x + 5, 260, 2.5, C.ink) + c(x + 5, 290, 2.5, C.ink) + c(x + 5, 320, 2.5, C.ink); });
  s += folk([[506, 466, 200, { sk: 3, top: C.coral, style: 'afro', dress: true, b: [.18, .14] }], [652, 468, 204, { sk: 0, top: C.plum, hair: grey, style: 'beard', a: [-.2, .12] }], [54, 470, 120, { sk: 1, top: C.sun, style: 'cap', hair: C.teal, b: [.18, .02] }]]);
  s += r(536, 366, 92, 12, C.wood, 4) + r(546, 378, 8, 84, C.wood2) + r(610, 378, 8, 84, C.wood2) + mug(548, 346, C.white) + mug(592, 346, C.teal) + p('M566 342h24v24h-24Z', C.grey);
  pics.coats = svg(720, 480, s, C.sky); }
// A tea dance.
{ let s = r(0, 330, 720, 150, '#c98d56'); for (let i = 0; i < 10; i++) s += l(`M${i * 90 - 60} 480L${120 + i * 54} 330`, C.wood2, 1.5, 'opacity=".4"');
  for (let i = 0; i < 4; i++) s += r(50 + i * 172, 90, 104, 150, C.white, 50) + r(60 + i * 172, 100, 84, 134, ['#bfe0ea', '#ffd98a', '#f7b7a8', '#c9b2e0'][i], 42);
  s += bunting(0, 40, 360, 40, 50, 12) + bunting(360, 40, 720, 40, 50, 12);
  s += r(8, 236, 96, 130, C.ink, 6) + r(2, 292, 110, 14, C.white, 3); for (let i = 0; i < 9; i++) s += r(10 + i * 11, 292, 5, 8, C.ink);
  const pair = (x, y, h, a, b) => person(x, y, h, { ...a, a: [-.1, .24], b: [.2, -.06] }) + person(x + h * .34, y - 4, h * .97, { ...b, a: [-.2, -.02], b: [.12, .22] });
  s += pair(170, 448, 190, { sk: 0, top: C.plum, hair: grey, style: 'short' }, { sk: 3, top: C.sun, style: 'afro', dress: true });
  s += pair(360, 462, 206, { sk: 4, top: C.teal, hair: C.coral, style: 'turban' }, { sk: 0, top: C.coral, hair: '#e3ddd8', style: 'bun', dress: true });
  s += pair(556, 440, 184, { sk: 2, top: C.violet, style: 'scarf', hair: C.sea, dress: true }, { sk: 5, top: C.cream, hair: '#cfc7c0', style: 'beard' });
  pics.dance = svg(720, 480, s, '#f6e3cf'); }
// Board games seen from above.
{ let s = r(70, 50, 580, 380, C.wood, 26) + r(84, 64, 552, 352, '#c08a55', 18) + r(230, 120, 250, 250, C.cream, 8);
  for (let i = 0; i < 8; i++) for (let j = 0; j < 8; j++) if ((i + j) % 2) s += r(239 + i * 29, 129 + j * 29, 29, 29, C.violet);
  for (const [i, j, f] of [[1, 2, C.coral], [3, 4, C.coral], [4, 1, C.sun], [6, 3, C.sun], [2, 5, C.coral], [5, 6, C.sun], [0, 7, C.coral], [7, 0, C.sun]]) s += c(253 + i * 29, 143 + j * 29, 11, f) + c(253 + i * 29, 143 + j * 29, 6, C.white, 'opacity=".4"');
  const domino = (x, y, rot, a, b) => `<g transform="translate(${x} ${y}) rotate(${rot})">` + r(-16, -32, 32, 64, C.white, 5) + l('M-12 0h24', C.ink, 2) + Array.from({ length: a }, (_, i) => c(-7 + (i % 2) * 14, -22 + Math.floor(i / 2) * 10, 3, C.ink)).join('') + Array.from({ length: b }, (_, i) => c(-7 + (i % 2) * 14, 8 + Math.floor(i / 2) * 10, 3, C.ink)).join('') + '</g>';
  s += domino(130, 150, 12, 3, 5) + domino(176, 190, 80, 5, 2) + domino(140, 260, -14, 4, 4) + domino(540, 150, 30, 1, 6) + domino(580, 220, -8, 2, 3);
  const arm = (x, y, rot, k, f) => `<g transform="translate(${x} ${y}) rotate(${rot})">` + r(-26, 20, 52, 150, f, 18) + c(0, 8, 25, skin[k]) + l('M-14 -4v-20M-4 -8v-24M7 -6v-22M17 0v-14', skin[k], 9) + '</g>';
  s += arm(160, 430, 14, 0, C.teal) + arm(560, 430, -20, 3, C.coral) + arm(360, 36, 182, 4, C.sun) + arm(630, 90, 215, 1, C.plum);
  for (const [x, y, f] of [[110, 340, C.white], [570, 320, C.sea]]) s += c(x, y, 30, f) + c(x, y, 22, '#8a5a34');
  s += e(500, 388, 34, 14, C.white) + r(478, 376, 20, 14, '#d79a4e', 3) + r(502, 378, 20, 14, '#d79a4e', 3);
  pics.games = svg(720, 480, s, C.teal); }
// Letters carried by children.
{ let s = p('M0 300h720v180H0Z', '#cfc6d6') + house(20, 330, 150, 200, C.brick, C.teal) + house(176, 330, 150, 220, C.sand, C.coral, { roof: '#5c2f7d' }) + house(332, 330, 150, 204, C.brick3, C.plum) + house(488, 330, 150, 216, C.brick2, C.sun, { roof: '#5c2f7d' }) + tree(690, 340, 1.2) + r(0, 330, 720, 14, C.sand);
  const letter = (x, y, rot, f = C.white) => `<g transform="translate(${x} ${y}) rotate(${rot})">` + r(-24, -16, 48, 32, f, 3) + l('M-22 -14l22 16 22-16', C.grey, 2.5) + r(12, -12, 8, 8, C.coral) + '</g>';
  s += folk([[130, 466, 130, { sk: 3, top: C.coral, style: 'cap', hair: C.violet, b: [.18, .02] }], [236, 470, 122, { sk: 1, top: C.teal, style: 'cap', hair: C.coral, a: [-.14, .14] }], [330, 466, 126, { sk: 4, top: C.sun, style: 'scarf', hair: C.teal, b: [.16, .1] }]]);
  for (const x of [130, 236, 330]) s += l(`M${x - 16} 380l30 40`, C.wood2, 4) + r(x + 2, 408, 34, 28, C.wood, 5) + letter(x + 20, 408, -12);
  s += folk([[520, 462, 196, { sk: 0, top: C.violet, hair: grey, style: 'bun', dress: true, a: [-.22, .08] }], [634, 464, 200, { sk: 5, top: C.plum, hair: '#cfc7c0', style: 'beard', a: [-.16, .08] }]]);
  s += letter(468, 356, -10) + letter(594, 350, 12, C.cream) + letter(420, 250, 20) + letter(92, 180, -18, C.cream) + letter(610, 120, 14);
  pics.letters = svg(720, 480, s, '#e2f0ee'); }
