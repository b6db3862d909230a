/* What the writer takes over from a reader. Inside the room only. */
#ifndef FUS_MEDIA_READER_FACTS_H
#define FUS_MEDIA_READER_FACTS_H

#include "media/demux.h"
#include "media/reader.h"

/* *audio points into the reader, or is NULL when no sound will come. */
void fus_reader_facts(const struct fus_reader *reader, struct fus_clip_facts *facts,
                      const AVCodecParameters **audio);

#endif
