#include "vision/distance.h"

#include <math.h>

#include "base/macros.h"

size_t fus_distance_scratch(int width, int height)
{
    return 4 * ((size_t)FUS_MAX(width, height) + 8);
}

/* Lower envelope of the parabolas (x - i)^2 + value[i]; writes it back. where and edge: count + 1.
 */
static void envelope(float *value, int count, float *copy, float *where, float *edge)
{
    int last = 0;
    where[0] = 0.0f;
    edge[0] = -1e30f;
    edge[1] = 1e30f;
    for (int q = 1; q < count; q++) {
        const float fq = value[q] + (float)q * (float)q;
        float cross;
        for (;;) {
            const float p = where[last];
            cross = (fq - (value[(int)p] + p * p)) / (2.0f * ((float)q - p));
            if (cross > edge[last] || last == 0)
                break;
            last--;
        }
        if (cross <= edge[last])
            cross = edge[last];
        last++;
        where[last] = (float)q;
        edge[last] = cross;
        edge[last + 1] = 1e30f;
    }
    for (int q = 0, k = 0; q < count; q++) {
        while (edge[k + 1] < (float)q)
            k++;
        const float offset = (float)q - where[k];
        copy[q] = offset * offset + value[(int)where[k]];
    }
    for (int q = 0; q < count; q++)
        value[q] = copy[q];
}

void fus_distance_inside(const float *mask, float *target, int width, int height,
                         int border_is_outside, float *scratch)
{
    const float far = (float)(width + height) * (float)(width + height);
    const size_t room = (size_t)FUS_MAX(width, height) + 8;
    float *line = scratch, *copy = scratch + room, *where = copy + room, *edge = where + room;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const size_t i = (size_t)y * (size_t)width + (size_t)x;
            target[i] = mask[i] > 0.5f ? far : 0.0f;
        }
    for (int x = 0; x < width; x++) {
        for (int y = 0; y < height; y++)
            line[y + 1] = target[(size_t)y * (size_t)width + (size_t)x];
        line[0] = line[height + 1] = border_is_outside ? 0.0f : far;
        envelope(line, height + 2, copy, where, edge);
        for (int y = 0; y < height; y++)
            target[(size_t)y * (size_t)width + (size_t)x] = line[y + 1];
    }
    for (int y = 0; y < height; y++) {
        float *row = target + (size_t)y * (size_t)width;
        for (int x = 0; x < width; x++)
            line[x + 1] = row[x];
        line[0] = line[width + 1] = border_is_outside ? 0.0f : far;
        envelope(line, width + 2, copy, where, edge);
        for (int x = 0; x < width; x++)
            row[x] = sqrtf(fminf(line[x + 1], far));
    }
}
