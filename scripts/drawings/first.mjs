// Illustrative pictures, drawn by hand as SVG: no photograph, no real person.
export const C={ink:'#2a1636',plum:'#4a2168',violet:'#7d4fa8',lilac:'#c9b2e0',sun:'#ffc83d',amber:'#f29f38',coral:'#f2664f',rose:'#f7b7a8',teal:'#1f8079',sea:'#6dbab0',sky:'#cfe6ee',pale:'#eef5f3',cream:'#fff4df',sand:'#f1dcbd',brick:'#c8654a',brick2:'#b5523f',brick3:'#d98463',leaf:'#5b9550',leaf2:'#3e7546',grass:'#a9c77a',white:'#fffdf8',grey:'#8b8496',wood:'#a8703f',wood2:'#7f5230'};
export const skin=['#f3cba8','#d99f72','#a86b43','#6f4327','#8a5636','#e6b48c'];
export const r=(x,y,w,h,f,rx=0,more='')=>`<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${f}"${rx?` rx="${rx}"`:''} ${more}/>`;
export const c=(x,y,rad,f,more='')=>`<circle cx="${x}" cy="${y}" r="${rad}" fill="${f}" ${more}/>`;
export const e=(x,y,a,b,f,more='')=>`<ellipse cx="${x}" cy="${y}" rx="${a}" ry="${b}" fill="${f}" ${more}/>`;
export const p=(d,f,more='')=>`<path d="${d}" fill="${f}" ${more}/>`;
export const l=(d,s,w,more='')=>`<path d="${d}" fill="none" stroke="${s}" stroke-width="${w}" stroke-linecap="round" stroke-linejoin="round" ${more}/>`;
// A person standing at x, their feet at y, h high. Arms end at a and b, counted from the shoulders in parts of h.
export const person=(x,y,h,{sk=0,top=C.coral,legs=C.ink,hair='#2b1b17',style='short',a=[-.16,.3],b=[.16,.3],seated=false,dress=false,apron})=>{ const s=skin[sk%skin.length],u=h/100; let g=`<g transform="translate(${x} ${y}) scale(${u})">`;
 const hy=-88, sh=-70;
 if(style==='long') g+=p('M-13 -88a13 13 0 0 1 26 0c0 10 2 20 4 27h-34c2-7 4-17 4-27Z',hair);
 if(style==='afro') g+=c(0,-91,15.500,hair);
 if(style==='scarf') g+=p('M-13.500 -88a13.500 14 0 0 1 27 0c0 9 3 16 7 24h-41c4-8 7-15 7-24Z',hair);
 if(!seated){ g+= dress? p('M-13 -46h26l8 32h-42Z',top)+r(-9,-16,6,16,s,3)+r(3,-16,6,16,s,3)+r(-11,-4,9,4,C.ink,2)+r(2,-4,9,4,C.ink,2) : r(-11,-48,10,46,legs,4)+r(1,-48,10,46,legs,4)+r(-14,-5,13,5,C.ink,2.500)+r(1,-5,13,5,C.ink,2.500); }
 g+=r(-3.500,-78,7,10,s,3);
 g+=p('M-9 -73h18c5 0 8 3 8.500 8l2 27c.2 3-2 5-5 5h-29c-3 0-5.200-2-5-5l2-27c.5-5 3.500-8 8.500-8Z',top);
 if(apron) g+=p('M-8 -62h16l3 30h-22Z',apron);
 for(const [dx,dy,sx] of [[a[0],a[1],-14],[b[0],b[1],14]]){ const ex=sx+dx*100, ey=sh+6+dy*100; const mx=(sx+ex)/2+(sx<0?-3:3), my=(sh+6+ey)/2+2; g+=l(`M${sx} ${sh+6}Q${mx} ${my} ${ex} ${ey}`,top,7.500)+c(ex,ey,4,s); }
 g+=c(0,hy,11,s);
 if(style==='short') g+=p('M-11.500 -88c-1-9 5-13.500 11.500-13.500s12.500 4.500 11.500 13.500c-2-4-5-6-11-6s-10 2-12 6Z',hair);
 if(style==='long') g+=p('M-11.500 -87c-1-10 5-14.500 11.500-14.500s12.500 4.500 11.500 14.500c-3-5-6-8-11.500-8s-8.500 3-11.500 8Z',hair);
 if(style==='bun') g+=c(0,-103,5.500,hair)+p('M-11.500 -87c-1-10 5-14 11.500-14s12.500 4 11.500 14c-3-5-6-7-11.500-7s-8.500 2-11.500 7Z',hair);
 if(style==='afro') g+=p('M-11 -90c1-6 5-9 11-9s10 3 11 9c-3-2-6-3-11-3s-8 1-11 3Z',hair);
 if(style==='scarf') g+=p('M-12.500 -86c-1-11 5-16 12.500-16s13.500 5 12.500 16c-1-7-5-11-12.500-11s-11.500 4-12.500 11Z',hair)+p('M-11 -82c2 8 6 10 11 10s9-2 11-10l3 12h-28Z',hair);
 if(style==='cap') g+=p('M-12 -90c0-8 5-12 12-12s12 4 12 12Z',hair)+r(2,-92,16,3.500,hair,1.700);
 if(style==='beard') g+=p('M-11.500 -88c-1-9 5-13.500 11.500-13.500s12.500 4.500 11.500 13.500c-2-4-5-6-11-6s-10 2-12 6Z',hair)+p('M-9 -84c1 7 4 9 9 9s8-2 9-9c-3 2-6 2.500-9 2.500s-6-.5-9-2.500Z',hair);
 if(style==='turban') g+=p('M-13 -90c-1-10 5-16 13-16s14 6 13 16c-4-3-8-4-13-4s-9 1-13 4Z',hair)+p('M-9 -84c1 7 4 9 9 9s8-2 9-9c-3 2-6 2.500-9 2.500s-6-.5-9-2.500Z','#2b1b17');
 return g+'</g>'; };
export const house=(x,base,w,h,wall,door,opt={})=>{ const roof=opt.roof||C.plum; let s=r(x,base-h,w,h,wall)+p(`M${x-4} ${base-h}L${x+w*.5} ${base-h-w*.36}L${x+w+4} ${base-h}Z`,roof); if(opt.chimney!==false) s=r(x+w*.68,base-h-w*.4,w*.13,w*.3,C.brick2)+s;
 const ww=w*.24, wh=w*.3; const lit=opt.lit||C.sky; const frame=C.white;
 for(const [wx,wy] of [[.16,.14],[.60,.14],[.58,.56]]){ s+=r(x+w*wx-3,base-h+h*wy-3,ww+6,wh+6,frame,2)+r(x+w*wx,base-h+h*wy,ww,wh,lit)+r(x+w*wx+ww/2-1.500,base-h+h*wy,3,wh,frame); }
 s+=r(x+w*.16-3,base-h*.4,ww*1.15+6,h*.4,frame,2)+r(x+w*.16,base-h*.4+3,ww*1.15,h*.4-3,door)+c(x+w*.16+ww*.95,base-h*.19,2.500,C.sun); return s; };
export const tree=(x,base,s,f=C.leaf,f2=C.leaf2)=>r(x-5*s,base-52*s,10*s,52*s,C.wood2,3)+c(x,base-86*s,38*s,f2)+c(x-22*s,base-70*s,26*s,f)+c(x+20*s,base-72*s,28*s,f)+c(x+4*s,base-104*s,26*s,f);
export const bunting=(x1,y1,x2,y2,dip,n)=>{ const mx=(x1+x2)/2,my=(y1+y2)/2+dip; let s=l(`M${x1} ${y1}Q${mx} ${my} ${x2} ${y2}`,C.ink,2); const cols=[C.coral,C.sun,C.teal,C.violet,C.white]; for(let i=1;i<n;i++){ const t=i/n; const X=(1-t)**2*x1+2*(1-t)*t*mx+t*t*x2, Y=(1-t)**2*y1+2*(1-t)*t*my+t*t*y2; s+=p(`M${X-9} ${Y}h18l-9 19Z`,cols[i%cols.length]); } return s; };
export const svg=(w,h,body,bg)=>`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}">${bg?r(0,0,w,h,bg):''}${body}</svg>`;
export const pics={};
// Home: a street that eats together.
{ let s=c(690,150,64,C.sun);
 s+=p('M0 420c120-70 260-70 380-30s300 30 500-40v300H0Z',C.grass);
 s+=house(24,470,150,230,C.brick,C.teal)+house(174,470,150,250,C.brick3,C.plum,{roof:'#5c2f7d'})+house(324,470,150,230,C.sand,C.coral)+house(474,470,150,246,C.brick2,C.sun)+house(624,470,150,228,C.brick3,C.teal,{roof:'#5c2f7d'});
 s+=tree(800,500,1.25); s+=tree(-4,500,1.1,C.sea,C.teal);
 s+=r(0,468,880,16,C.sand)+r(0,484,880,196,'#d9cfe0')+p('M0 484h880v12H0Z','#c7bcd0');
 s+=bunting(30,262,326,236,70,12)+bunting(326,236,622,240,72,12)+bunting(622,240,860,300,50,9);
 s+=person(150,560,150,{sk:2,top:C.sun,style:'afro',a:[-.06,.3],b:[.2,.16]})+person(246,560,142,{sk:0,top:C.teal,hair:'#d9d3cf',style:'bun',a:[-.1,.18],b:[.1,.2]})+person(356,560,152,{sk:4,top:C.coral,hair:C.plum,style:'scarf',a:[-.12,.2],b:[.14,.18]})+person(470,560,148,{sk:1,top:C.violet,style:'beard',a:[-.14,.18],b:[.08,.22]})+person(576,560,140,{sk:5,top:C.white,hair:'#8a4b2a',style:'long',a:[-.1,.2],b:[.16,.14]})+person(672,560,154,{sk:3,top:C.teal,hair:C.sun,style:'cap',a:[-.14,.16],b:[.08,.26]});
 s+=r(70,520,700,16,C.white,4)+p('M82 536h676l-14 40H96Z','#f3e6f2')+r(120,536,9,84,C.wood2)+r(712,536,9,84,C.wood2);
 for(let i=0;i<22;i++) s+=r(84+i*31,536,15,14,[C.coral,C.sun,C.teal,C.violet][i%4],0,'opacity=".55"');
 const dish=(x,f,t)=>e(x,518,26,7,C.ink,'opacity=".12"')+p(`M${x-24} 500h48c0 12-8 20-24 20s-24-8-24-20Z`,f)+e(x,500,24,6,t);
 s+=dish(190,C.teal,C.amber)+dish(302,C.white,C.coral)+dish(416,C.coral,C.cream)+dish(524,C.violet,C.sun)+dish(640,C.white,C.leaf);
 s+=r(242,492,12,28,C.sky,3)+r(588,490,12,30,C.sky,3)+p('M356 492h26l-4 28h-18Z',C.sun)+p('M704 500l34-4 6 22h-42Z',C.amber);
 s+=person(96,650,150,{sk:5,top:C.coral,legs:C.plum,style:'short',hair:'#5b3a22',a:[-.12,.26],b:[.18,-.02]})+person(786,652,118,{sk:2,top:C.sun,legs:C.teal,style:'bun',a:[-.2,-.02],b:[.12,.26]});
 s+=person(838,656,160,{sk:3,top:C.plum,style:'scarf',hair:C.teal,dress:true,a:[-.16,.18],b:[.1,.26]});
 s+=p('M372 640c0-14 10-22 24-22h46c10 0 18 8 18 18v14h-10v-10h-50v10h-10v-4c-10 0-18-2-18-6Z',C.amber)+c(364,622,15,C.amber)+p('M352 612l4-12 9 9ZM368 609l8-9 3 13Z',C.amber)+l('M458 632c12-2 14-14 10-24',C.amber,6);
 pics.street=svg(880,680,s,C.sky); }
// Lantern makers at dusk.
{ let s=r(0,0,720,480,'#3b1d58')+p('M0 0h720v250H0Z','#4f2a72')+p('M0 210h720v120H0Z','#8a4b86',' opacity=".55"')+c(590,92,38,'#fff1cf');
 for(const [x,y] of [[60,60],[150,110],[250,46],[340,90],[430,40],[500,130],[680,170],[96,160]]) s+=c(x,y,2,C.cream);
 for(let i=0;i<6;i++) s+=house(-20+i*128,330,122,118+((i*37)%30),['#5f2f63','#6d3868','#562a5e'][i%3],'#3b1d58',{roof:'#2a1636',lit:i%2?C.amber:'#6d3868'});
 s+=r(0,328,720,152,'#2a1636')+e(360,340,420,40,'#5a2f55','opacity=".6"');
 const lantern=(x,y,f,sz=1)=>c(x,y,52*sz,f,'opacity=".18"')+c(x,y,34*sz,f,'opacity=".25"')+p(`M${x-16*sz} ${y-18*sz}h${32*sz}l${6*sz} ${18*sz}l${-6*sz} ${18*sz}h${-32*sz}l${-6*sz} ${-18*sz}Z`,f)+l(`M${x-8*sz} ${y-18*sz}v${36*sz}M${x+8*sz} ${y-18*sz}v${36*sz}`,'#fff4df',2,'opacity=".7"');
 const star=(x,y)=>c(x,y,50,C.sun,'opacity=".2"')+p(`M${x} ${y-30}l8 19 21 2-16 14 5 21-18-11-18 11 5-21-16-14 21-2Z`,C.sun);
 s+=person(110,462,190,{sk:4,top:C.teal,hair:C.coral,style:'scarf',dress:true,a:[-.1,.28],b:[.12,-.3]})+l('M142 330v-50',C.wood,4)+lantern(160,262,C.amber);
 s+=person(248,466,150,{sk:1,top:C.coral,style:'short',a:[-.02,.22],b:[.02,.22]})+lantern(248,392,C.sun,.8);
 s+=person(352,470,196,{sk:0,top:C.violet,hair:'#e8e1da',style:'short',a:[-.1,-.26],b:[.1,-.26]})+star(352,244);
 s+=person(462,464,132,{sk:3,top:C.sun,style:'afro',a:[-.1,.26],b:[.14,-.1]})+lantern(496,352,C.coral,.7);
 s+=person(578,468,188,{sk:2,top:C.plum,style:'turban',hair:C.amber,a:[-.1,.26],b:[.1,-.28]})+l('M612 330v-40',C.wood,4)+lantern(614,272,C.rose);
 s+=person(668,470,120,{sk:5,top:C.sea,style:'long',hair:'#7a4526',a:[-.14,-.05],b:[.1,.26]})+lantern(644,382,C.sun,.62);
 pics.lanterns=svg(720,480,s); }
// Kitchen on wheels.
{ let s=r(0,0,720,480,C.sky)+c(110,86,46,C.sun)+p('M0 300c160-60 300-50 430-20s200 20 290-10v210H0Z',C.grass)+tree(52,330,1.1)+tree(676,322,.95)+r(0,384,720,96,'#d9cfe0')+r(0,384,720,8,'#c3b7cc');
 s+=r(232,150,330,212,C.teal,16)+p('M562 236h54c14 0 24 8 30 22l14 42v62h-98Z',C.teal)+p('M576 252h36c8 0 14 5 18 13l12 33h-66Z',C.pale)+r(262,196,214,92,'#123f3d',6)+r(248,286,240,16,C.cream,4);
 s+=p('M250 196h240l18 -42H236Z',C.cream); for(let i=0;i<6;i++) s+=p(`M${252+i*41} 196h20l1-42h-20Z`,C.coral); for(let i=0;i<6;i++) s+=p(`M${252+i*41} 196a10 10 0 0 0 20 0Z`,C.coral)+p(`M${272+i*41} 196a10 10 0 0 0 20 0Z`,C.cream);
 s+=person(322,300,116,{sk:3,top:C.sun,style:'scarf',hair:C.violet,seated:true,apron:C.white,a:[-.02,.22],b:[.1,.16]})+person(420,300,120,{sk:0,top:C.coral,style:'cap',hair:C.white,seated:true,apron:C.white,a:[-.12,.2],b:[.04,.22]});
 s+=p('M352 262h44v24h-44Z',C.grey)+r(346,258,56,6,'#6d6678',3)+l('M362 248c-4-8 4-10 0-18M380 248c-4-8 4-10 0-18',C.white,4,'opacity=".8"');
 s+=r(248,288,240,14,C.cream,4)+r(232,318,428,12,C.sun)+c(302,366,36,C.ink)+c(302,366,15,C.grey)+c(582,366,36,C.ink)+c(582,366,15,C.grey);
 s+=person(92,466,196,{sk:2,top:C.violet,style:'afro',a:[-.1,.28],b:[.2,.12]})+p('M128 340h40c0 12-8 18-20 18s-20-6-20-18Z',C.cream)+person(190,470,176,{sk:1,top:C.coral,hair:'#d9d3cf',style:'bun',dress:true,a:[-.12,.24],b:[.16,.1]})+person(470,470,182,{sk:4,top:C.cream,legs:C.plum,style:'turban',hair:C.coral,a:[-.12,.2],b:[.14,.16]})+p('M486 350h36c0 11-7 17-18 17s-18-6-18-17Z',C.sun)+person(662,468,172,{sk:5,top:C.teal,style:'long',hair:'#3a2218',a:[-.2,.1],b:[.1,.28]})+person(560,474,104,{sk:5,top:C.sun,style:'short',a:[-.1,.2],b:[.2,-.08]});
 pics.kitchen=svg(720,480,s); }
// The shared allotment.
{ let s=r(0,0,720,480,'#dcedf0')+c(600,96,52,C.sun)+p('M0 210c120-50 240-40 360-10s240 10 360-30v310H0Z','#c3d89a')+r(0,250,720,230,C.grass);
 s+=r(500,150,150,116,C.wood)+p('M488 152l87-54 87 54Z',C.plum)+r(546,184,46,82,C.wood2)+r(606,182,30,30,C.sky); for(let i=0;i<8;i++) s+=r(500+i*19,152,2,114,C.wood2,0,'opacity=".4"');
 s+=tree(70,268,1.15); for(let i=0;i<9;i++) s+=r(180+i*34,206,8,58,C.white,2); s+=r(172,222,300,7,C.white)+r(172,244,300,7,C.white);
 const bed=(x,y,w,h)=>r(x,y,w,h,C.wood2,8)+r(x+8,y+8,w-16,h-16,'#5a3a26',5);
 s+=bed(40,330,300,56)+bed(384,318,300,56)+bed(150,412,440,58);
 for(let i=0;i<9;i++){ const x=66+i*31; s+=c(x,352,13,C.leaf2)+c(x-6,346,8,C.leaf)+c(x+6,345,8,C.leaf); }
 for(let i=0;i<7;i++){ const x=414+i*40; s+=l(`M${x} 346v-46`,C.wood,3)+l(`M${x} 338c-12-6-8-16 0-14s10-14 2-20`,C.leaf2,4)+c(x-7,326,5,C.coral)+c(x+7,314,5,C.coral); }
 for(let i=0;i<12;i++){ const x=182+i*34; s+=p(`M${x} 444c-12-10-10-24 0-34 10 10 12 24 0 34Z`,i%3?C.leaf:C.sea); }
 s+=person(250,402,178,{sk:3,top:C.sun,legs:C.teal,style:'cap',hair:C.coral,a:[-.04,.26],b:[.22,.3]})+l('M276 300l44 92',C.wood,5)+p('M312 380l18-8 8 20-16 8Z',C.grey);
 s+=person(354,410,166,{sk:0,top:C.violet,legs:C.ink,hair:'#e3ddd8',style:'bun',a:[-.18,.16],b:[.08,.28]})+p('M306 322h34l-4 26h-26Z',C.teal)+l('M306 326l-16-10',C.teal,5);
 s+=person(628,420,182,{sk:4,top:C.coral,style:'scarf',hair:C.plum,dress:true,a:[-.14,.18],b:[.08,.22]})+p('M572 344h48l-6 24h-36Z',C.wood)+c(584,342,8,C.coral)+c(598,340,9,C.amber)+c(610,342,7,C.leaf);
 s+=person(118,424,110,{sk:1,top:C.cream,legs:C.violet,style:'short',a:[-.1,.26],b:[.16,-.12]});
 pics.allotment=svg(720,480,s); }
// Quilting memories: a quilt from above, with hands.
{ let s=r(0,0,720,480,'#e9d9c2'); const cols=[C.coral,C.violet,C.sun,C.teal,C.rose,C.plum,C.sea,C.amber,C.cream];
 const block=(x,y,k)=>{ const a=cols[(k*5+1)%9],b=cols[(k*7+3)%9],d=cols[(k*4+6)%9],w=96,q=48; let t=r(x,y,w,w,d); switch(k%5){ case 0: t+=p(`M${x} ${y}h${q}l${-q} ${q}ZM${x+w} ${y}v${q}l${-q} ${-q}ZM${x+w} ${y+w}h${-q}l${q} ${-q}ZM${x} ${y+w}v${-q}l${q} ${q}Z`,a)+r(x+30,y+30,36,36,b,0,`transform="rotate(45 ${x+q} ${y+q})"`);break; case 1: t+=p(`M${x} ${y}l${q} ${q}L${x} ${y+w}ZM${x+w} ${y}l${-q} ${q}l${q} ${q}Z`,a)+c(x+q,y+q,14,b);break; case 2: for(let i=0;i<4;i++)t+=p(`M${x+q} ${y+q}c-18-16-18-32 0-44 18 12 18 28 0 44Z`,i%2?a:b,`transform="rotate(${i*90} ${x+q} ${y+q})"`); t+=c(x+q,y+q,8,C.sun);break; case 3: t+=r(x,y,q,q,a)+r(x+q,y+q,q,q,a)+c(x+q/2,y+q*1.5,14,b)+c(x+q*1.5,y+q/2,14,b);break; default: for(let i=0;i<6;i++) t+=r(x,y+i*16,w,8,i%2?a:b); } return t+`<rect x="${x+4}" y="${y+4}" width="${w-8}" height="${w-8}" fill="none" stroke="#fffdf8" stroke-width="1.500" stroke-dasharray="5 4" opacity=".75"/>`; };
 let q=''; let k=0; for(let j=0;j<4;j++) for(let i=0;i<6;i++) q+=block(i*96,j*96,k++);
 s+=`<g transform="translate(74 62) rotate(-3 288 192)">${r(-14,-14,604,412,C.plum,10)}${q}</g>`;
 const hand=(x,y,rot,sk,sleeve)=>`<g transform="translate(${x} ${y}) rotate(${rot})">${r(-30,30,60,150,sleeve,18)}${r(-31,26,62,16,C.white,6,'opacity=".35"')}${p('M-26 34c-4-26-2-44 6-46 4-1 6 2 6 6v-22c0-8 10-8 10 0v-6c0-8 10-8 10 0v6c0-7 10-7 10 0v10c0-6 9-6 9 0v22c2-6 12-5 10 4-3 12-8 22-15 28Z',sk)}</g>`;
 s+=hand(120,404,18,skin[1],C.teal)+hand(610,410,-20,skin[3],C.coral)+hand(364,50,182,skin[0],C.violet);
 s+=l('M372 92l40 44',C.grey,4)+l('M412 136c20 30-20 44 8 70',C.cream,2)+c(236,432,12,C.sun)+e(530,66,26,12,C.coral)+e(530,60,26,12,'#ff8a73')+r(504,60,52,6,C.coral);
 pics.quilt=svg(720,480,s); }
// Singing for all.
{ let s=r(0,0,720,480,'#f6e3cf')+r(0,330,720,150,C.wood)+r(0,330,720,8,C.wood2); for(let i=0;i<4;i++) s+=p(`M${60+i*176} 250v-130a44 44 0 0 1 88 0v130Z`,C.white)+p(`M${68+i*176} 246v-124a36 36 0 0 1 72 0v124Z`,['#bfe0ea','#ffd98a','#f7b7a8','#c9b2e0'][i])+r(102+i*176,84,4,162,C.white)+r(68+i*176,160,72,4,C.white);
 for(let i=0;i<12;i++) s+=l(`M0 ${350+i*14}h720`,C.wood2,1,'opacity=".35"');
 const who=[{sk:0,top:C.teal,style:'bun',hair:'#ded7d1'},{sk:3,top:C.coral,style:'afro'},{sk:4,top:C.violet,style:'scarf',hair:C.sun,dress:true},{sk:1,top:C.plum,style:'beard'},{sk:5,top:C.sun,style:'long',hair:'#8a4b2a',dress:true},{sk:2,top:C.teal,style:'turban',hair:C.coral}];
 who.forEach((w,i)=>{ s+=person(100+i*104,400,176+((i*29)%20),{...w,a:[-.02,.2],b:[.02,.2]})+r(100+i*104-20,400-118,40,26,C.white,2)+l(`M${100+i*104} ${282}v26`,C.grey,1.500); });
 who.slice(0,5).forEach((w,i)=>{ const v=who[(i+3)%6]; s+=person(152+i*104,468,150,{...v,sk:(i*2+1)%6,top:[C.sun,C.sea,C.coral,C.cream,C.violet][i],dress:false,style:['short','scarf','cap','afro','bun'][i],hair:['#2b1b17',C.teal,C.plum,'#2b1b17','#6b3a1f'][i],a:[-.1,.26],b:[.1,.26]}); });
 const note=(x,y,z)=>l(`M${x} ${y}v${-34*z}l${22*z} ${-8*z}v${34*z}`,C.plum,4*z)+e(x-6*z,y,8*z,6*z,C.plum)+e(x+16*z,y-8*z,8*z,6*z,C.plum); s+=note(250,74,.8)+note(430,58,.9)+note(600,80,.7);
 pics.choir=svg(720,480,s); }
// Walk and talk along the canal.
{ let s=r(0,0,720,480,'#d7ebf2')+c(140,90,44,C.sun)+p('M0 230c100-60 220-70 340-40s260 20 380-30v100H0Z','#b9d08f')+r(420,96,210,150,C.brick)+r(446,60,26,60,C.brick2); for(let i=0;i<4;i++)for(let j=0;j<3;j++) s+=r(440+i*48,118+j*42,26,28,C.sky,13);
 s+=r(0,240,720,240,'#8cc0c4')+p('M0 250c120 10 200-6 330 4s240-4 390 2v14H0Z','#a8d3d4')+p('M0 330h720v150H0Z',C.sand)+p('M0 330h720v10H0Z','#d8bd97')+p('M0 316h720v16H0Z',C.leaf);
 s+=p('M404 306h240l-18 34H430Z',C.coral)+r(450,272,130,36,C.plum,6); for(let i=0;i<4;i++) s+=c(472+i*29,290,9,C.sun);
 s+=p('M-10 330V236c60-60 150-60 210 0v94h-40v-60c-30-36-100-36-130 0v60Z',C.brick3)+l('M-10 236c60-60 150-60 210 0',C.brick2,8);
 s+=person(210,462,200,{sk:1,top:C.violet,style:'short',hair:'#cfc7c0',a:[-.1,.28],b:[.12,.2]})+person(300,464,190,{sk:3,top:C.coral,style:'scarf',hair:C.sun,dress:true,a:[-.12,.2],b:[.12,.26]})+person(440,466,196,{sk:4,top:C.teal,style:'turban',hair:C.plum,a:[-.12,.26],b:[.16,.1]})+person(536,464,172,{sk:0,top:C.sun,style:'bun',hair:'#8a4b2a',a:[-.16,.12],b:[.12,.24]});
 s+=p('M600 462c0-18 10-26 24-26h34c12 0 18 8 18 18v10h-9v-10h-46v10h-9v-2c-6 0-12 4-12 0Z',C.wood)+c(600,440,13,C.wood)+p('M592 432l-4 14 10 2Z',C.wood2)+l('M548 396l50 48',C.ink,2)+tree(690,330,.9);
 pics.walk=svg(720,480,s); }
// Repair and share: a workbench.
{ let s=r(0,0,720,480,'#efe6f5')+r(60,50,600,170,C.wood,8)+r(72,62,576,146,'#c08a55',4);
 const tool=(x,kind)=>kind===0?l(`M${x} 84v70`,C.grey,9)+l(`M${x-16} 84h32`,C.ink,14):kind===1?l(`M${x} 86v44`,C.coral,12)+l(`M${x} 130v48`,C.grey,5):kind===2?c(x,104,20,'none',`stroke="${C.grey}" stroke-width="8"`)+l(`M${x} 124v52`,C.grey,9):p(`M${x-8} 84h16l4 92h-24Z`,C.teal)+l(`M${x-4} 176h8`,C.ink,8); [110,170,230,290,350,410,470,530,590].forEach((x,i)=>s+=tool(x,i%4));
 s+=person(176,470,236,{sk:0,top:C.teal,hair:'#d9d3cf',style:'beard',apron:C.plum,a:[-.06,.2],b:[.22,.22]})+person(370,470,246,{sk:3,top:C.sun,style:'cap',hair:C.coral,a:[-.14,.24],b:[.12,.22]})+person(560,470,220,{sk:5,top:C.coral,style:'long',hair:'#4a2c1c',a:[-.2,.22],b:[.06,.26]});
 s+=r(40,372,640,24,C.wood2,4)+r(70,396,18,84,C.wood2)+r(632,396,18,84,C.wood2);
 s+=`<g fill="none" stroke-width="6" stroke="${C.ink}">${`<circle cx="300" cy="330" r="40"/><circle cx="452" cy="330" r="40"/>`}</g>`+l('M300 330l40-62h84l28 62M340 268l36 62h-76M376 330l48-62M424 268l-8-22h22M330 258h22',C.coral,7)+c(376,330,9,C.sun);
 s+=r(560,330,70,42,C.violet,6)+c(582,351,12,C.cream)+c(612,351,5,C.sun)+r(92,346,40,26,C.sea,4)+l('M112 346v-26l22-14',C.ink,5)+p('M126 296l24 8-10 20-20-8Z',C.sun);
 pics.repair=svg(720,480,s); }
// Soup on Saturdays: a table from above.
{ let s=r(0,0,720,480,C.teal)+r(60,50,600,380,C.wood,30)+r(72,62,576,356,'#c08a55',22); for(let i=1;i<7;i++) s+=l(`M72 ${62+i*51}h576`,C.wood,2,'opacity=".6"');
 const bowl=(x,y,R,soup,rim=C.white,g='')=>c(x,y+5,R,C.ink,'opacity=".16"')+c(x,y,R,rim)+c(x,y,R*.78,soup)+g;
 const herbs=(x,y)=>[[-14,-8],[10,-14],[16,8],[-6,14],[0,-2]].map(([a,b],i)=>e(x+a,y+b,5,2.500,i%2?C.leaf:C.leaf2,`transform="rotate(${i*40} ${x+a} ${y+b})"`)).join('');
 s+=bowl(360,240,92,C.amber,C.plum)+herbs(360,240)+[[-40,20],[36,-34],[-24,-44],[44,30]].map(([a,b])=>r(360+a-10,240+b-10,20,20,C.coral,4,`transform="rotate(${a} ${360+a} ${240+b})"`)).join('')+l('M404 196l66-80',C.grey,12);
 for(const [x,y,f] of [[170,150,C.coral],[170,330,C.sun],[550,150,C.leaf],[550,330,C.amber],[360,110,C.coral],[360,376,C.sun]]) s+=bowl(x,y,46,f)+herbs(x,y);
 for(const [x,y] of [[250,152],[250,330],[470,332],[474,150]]) s+=l(`M${x} ${y-30}v60`,C.cream,6)+e(x,y-34,8,12,C.cream);
 s+=p('M262 68h84c10 0 16 8 12 16H250c-4-8 2-16 12-16Z',C.sand)+p('M416 392h90c12 0 18 10 12 18h-112c-6-8-2-18 10-18Z',C.sand)+l('M436 398v8M456 398v8M476 398v8','#c99a5c',3)+c(628,240,24,C.leaf)+c(620,232,14,C.sea)+c(94,240,22,C.coral)+c(94,232,12,C.rose);
 pics.soup=svg(720,480,s); }
