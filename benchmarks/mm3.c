/* The queue of mm3.py as a C programmer would write it: M/M/3, two classes, one FIFO each, the next free bot by a scan.
   Usage: mm3 ORDERS SEED. Prints [seconds, [mean wait VIP, mean wait NORMAL]] in minutes. */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BOTS = 3 };
static const double ARRIVALS = 2.61, SERVICES = 1, VIP_SHARE = 0.3; /* a minute */
static uint64_t state;

static double uniform(void) { /* splitmix64: Steele, Lea and Flood (2014) */
    uint64_t bits = state += 0x9E3779B97F4A7C15;
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
    return ((bits ^ bits >> 31) >> 11) * 0x1p-53;
}

static double exponential(double rate) { return -log(1 - uniform()) / rate; }

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: mm3 ORDERS SEED\n"), 2;
    long orders = atol(arguments[1]), head[2] = {0, 0}, tail[2] = {0, 0}, coming = orders;
    state = strtoull(arguments[2], NULL, 10);
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    double *waits[2] = {malloc(orders * sizeof(double)), malloc(orders * sizeof(double))}; /* arrivals until served */
    if (!waits[0] || !waits[1]) return perror("mm3"), 1;
    double is_free[BOTS] = {0}, now = 0, next = exponential(ARRIVALS);
    for (long event = 0; event < 2 * orders; event++) {
        int bot = 0;
        for (int other = 1; other < BOTS; other++)
            if (is_free[other] < is_free[bot]) bot = other;
        int waiting = head[0] < tail[0] ? 0 : head[1] < tail[1] ? 1 : -1;
        if (waiting >= 0 && is_free[bot] <= next) {
            double start = fmax(is_free[bot], now), *wait = &waits[waiting][head[waiting]++];
            *wait = start - *wait;
            is_free[bot] = start + exponential(SERVICES);
        } else {
            int class = uniform() >= VIP_SHARE;
            waits[class][tail[class]++] = now = next;
            next = --coming ? next + exponential(ARRIVALS) : INFINITY;
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    double mean[2] = {0, 0};
    for (int class = 0; class < 2; class++)
        for (long order = 0; order < tail[class]; order++) mean[class] += waits[class][order] / tail[class];
    printf("[%.9f, [%.12f, %.12f]]\n", ended.tv_sec - began.tv_sec + (ended.tv_nsec - began.tv_nsec) * 1e-9, mean[0], mean[1]);
}
