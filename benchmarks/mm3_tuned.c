/* The queue of mm3.py as a hand-written C program, the limit that an engine can come near to.

   mm3 ORDERS SEED prints [seconds, [mean wait VIP, mean wait NORMAL]], the seconds with the drawing.

   Every turn of the loop is one event, an arrival or the start of a service. An order's place in `waits` holds its
   arrival until its service starts and its wait from then on: what lies between head and tail of a class is its
   queue. */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const double GAP = 1 / 2.61, SERVICE = 1, VIP_SHARE = 0.3; /* minutes, three bots */

static uint64_t state;

/* splitmix64: Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators, OOPSLA. */
static inline uint64_t bits(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline double uniform(void) { return (bits() >> 11) * 0x1p-53; }

/* Ziggurat of 256 layers: Marsaglia and Tsang (2000), Journal of Statistical Software 5(8). Layer 0 is the base
   with the tail; the tail of an exponential is the exponential again. */
static const double TAIL = 7.69711747013104972, AREA = 0.0039496598225815571993;
static double width[257], height[257];

static void build_ziggurat(void) {
    width[0] = AREA / exp(-TAIL);
    width[1] = TAIL;
    height[1] = exp(-TAIL);
    for (int i = 2; i < 256; i++) {
        height[i] = height[i - 1] + AREA / width[i - 1];
        width[i] = -log(height[i]);
    }
    height[256] = 1;
}

static __attribute__((noinline)) double exponential_at_edge(int layer, double x) {
    for (double beyond = 0;;) {
        if (x < width[layer + 1]) return beyond + x;
        if (layer == 0) beyond += TAIL;
        else if (height[layer] + uniform() * (height[layer + 1] - height[layer]) < exp(-x)) return beyond + x;
        uint64_t drawn = bits();
        layer = drawn & 255;
        x = (drawn >> 11) * 0x1p-53 * width[layer];
    }
}

static inline double exponential(void) {
    uint64_t drawn = bits();
    int layer = drawn & 255;
    double x = (drawn >> 11) * 0x1p-53 * width[layer];
    return __builtin_expect(x < width[layer + 1], 1) ? x : exponential_at_edge(layer, x);
}

static inline double lower(double a, double b) { return a < b ? a : b; }
static inline double higher(double a, double b) { return a < b ? b : a; }

static double clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

static double mean(const double *begin, const double *end) {
    double sum = 0;
    for (const double *wait = begin; wait < end; wait++) sum += *wait;
    return sum / (end - begin);
}

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: mm3 ORDERS SEED\n"), 2;
    long orders = atol(arguments[1]);
    state = strtoull(arguments[2], NULL, 10);

    double began = clock_seconds();
    build_ziggurat();
    double *waits[2] = {malloc(orders * sizeof(double)), malloc(orders * sizeof(double))};
    if (!waits[0] || !waits[1]) return perror("mm3"), 1;
    double *head0 = waits[0], *tail0 = waits[0], *head1 = waits[1], *tail1 = waits[1];
    double free0 = 0, free1 = 0, free2 = 0; /* when each bot is free, in order */
    double now = 0, next = exponential() * GAP; /* the last arrival and the one to come */
    long waiting = 0, coming = orders;
    for (long turn = 0; turn < 2 * orders; turn++) {
        double drawn = exponential(); /* before the branch that nobody can foresee */
        if ((free0 < next) & (waiting > 0)) {
            double start = higher(free0, now), end = start + drawn * SERVICE, rest = higher(end, free1);
            if (head0 < tail0) *head0 = start - *head0, head0++;
            else *head1 = start - *head1, head1++;
            waiting--;
            free0 = lower(end, free1);
            free1 = lower(rest, free2);
            free2 = higher(rest, free2);
        } else {
            int normal = uniform() >= VIP_SHARE;
            *tail0 = *tail1 = now = next;
            tail0 += !normal;
            tail1 += normal;
            waiting++;
            next = --coming ? next + drawn * GAP : INFINITY;
        }
    }
    double seconds = clock_seconds() - began;
    printf("[%.9f, [%.12f, %.12f]]\n", seconds, mean(waits[0], tail0), mean(waits[1], tail1));
}
