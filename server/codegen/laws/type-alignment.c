char c = 1; struct { char a; long b; } __attribute__((packed)) packed = {1, 2}; char d = 1;
struct { long a; } __attribute__((packed)) natural = {1}; char e = 1; char own[8] SEC(".data.own") = {1};
// .data 25: c@0+1 packed@1+9 d@10+1 natural@16+8 e@24+1
// .data.own 8: own@0+8
